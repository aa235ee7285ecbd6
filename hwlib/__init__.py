"""hwlib: a course lab for generative models of faces."""
