"""The indexed coding: pictures of few colours, each pixel by what is around it."""
