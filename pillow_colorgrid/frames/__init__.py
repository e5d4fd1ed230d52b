"""Files of several frames: animations, pages. Frame 0 is the file's ordinary picture."""
