"""Generated satellite scenes with their ground truth: any size, up to eight bands, up to 200 classes."""
