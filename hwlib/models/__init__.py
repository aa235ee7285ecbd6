"""What the recipes' networks share."""
