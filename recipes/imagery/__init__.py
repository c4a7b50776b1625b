"""What all domains of images share: scenes, reading, crops, tiles, augmentation, and the data module over them."""
