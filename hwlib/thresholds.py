"""Thresholds that several rooms share; one that a single file needs stands there."""

# A latent whose posterior mean varies less than this over the data carries nothing
# (Burda et al. 2016, section 5).
ACTIVE_VARIANCE = 0.01

HEALTHY_D_ACCURACY = (0.60, 0.75)  # D's accuracy in healthy training, by report B (claim C7)
COLLAPSED_D_LOSS = 0.05  # nats; below it D tells real from fake without fail, G learns nothing
COLLAPSED_DIVERSITY = 0.3  # of the real images'; samples with less are nearly one image

MIN_STEPS = 100  # shorter runs only try that everything works: they bear out nothing
