"""What AWS Config is told of the subjects that its rule concerns."""
