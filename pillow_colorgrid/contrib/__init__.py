"""What some libraries need to be told about .cgx files. Nothing here is imported by itself."""
