"""Train a model: `python train.py task=detection data=satellite`. Installed, `zoo train` is the same program.

The run is told in configuration/training.py; what it consists of is in conf/train.yaml.
"""

import sys

from configuration.training import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
