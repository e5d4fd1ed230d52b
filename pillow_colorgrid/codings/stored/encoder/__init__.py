"""How a picture is best stored: parts, rectangles. Only a writer needs it."""
