"""The work behind the words of ``cgx``, one module for each command and for what they share."""
