"""JPEG files as coefficients, and back to the very same bytes.

`file` reads a file into a `picture.JpegPicture` (geometry, tables, coefficients) and a
`recipe.Recipe` (everything else that is in the file), and writes the file from both.
"""
