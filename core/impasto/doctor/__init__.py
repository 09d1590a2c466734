"""The doctor: looks at everything that Impasto needs, changes nothing, and says what to do where it lacks."""
