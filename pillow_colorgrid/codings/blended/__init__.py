"""The blended coding: samples of many bits, predicted by several linear predictors together."""
