"""What comes out: recording, measures, summaries, equity, life tables, money's worth.

This room only reads the model."""
