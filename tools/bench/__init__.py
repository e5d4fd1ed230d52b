"""Size, time and memory beside rivals; does every picture come back?"""
