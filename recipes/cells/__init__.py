"""Solar cells seen by their own light: inspection."""
