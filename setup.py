"""The packages: every folder of pillow_colorgrid, and models/. All else stands in setup.cfg."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["pillow_colorgrid*"]), "pillow_colorgrid.models"])
