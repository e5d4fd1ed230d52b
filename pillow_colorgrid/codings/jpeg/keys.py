"""The names of all kinds of passes, in the order in which a file corrects them."""

DC_LEVELS = 4
LUMINANCE_GROUPS, COLOR_GROUPS = 9, 10

KEYS = (
    *(f"dc_luminance_{level}" for level in range(DC_LEVELS)),
    *(f"luminance_{number}" for number in range(LUMINANCE_GROUPS)),
    *(f"dc_{plane}_{level}" for plane in ("cb", "cr") for level in range(DC_LEVELS)),
    *(f"color_{number}" for number in range(COLOR_GROUPS)),
)
