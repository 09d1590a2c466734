"""What an instance tells Prometheus, and whoever asks whether it is well, where its owner wants that.

Nothing of people. `onlooker` imports what the core has anyway, and the rest only where it is switched on.
"""
