"""The shell of the stream engine: publishing, starting, messages, tasks, and the crank that turns instances in sets."""
