"""What the prediction of scenes costs beside the network, and whether its seams show."""
