"""A site: one folder in which a model is in use, with all that was recorded and decided; every command works on it alone.

site.yaml        task, classes, bands, places, time zone, limits; written by a person, read by everything
policy.yaml      thresholds by class, area, hour, weekday and season; where there is none, the model's own are taken
models/VERSION/  runs, by the hash of their content; never changed
current          the version that answers: a line of text, replaced as a whole
references/      by version, records of what its inputs and answers are like when all is well
records/         a record an answer: a journal, and Parquet files by day
inbox/           inputs that may be annotated; `zoo collect` takes from it
batches/, labels/  what went out to be annotated, and what came back: of whom, when, and which version had said what
sets/            frozen samples, on which challengers are judged
decisions/       what was decided, a file each, chained by hash and signed with the key of the site
key.pem          that key, readable by its owner alone
"""
