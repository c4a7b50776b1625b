"""The registry of models: cards, where they lie, the index of them, licences, timm's backbones."""
