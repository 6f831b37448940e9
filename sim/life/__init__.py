"""What happens to a resident: demography, behaviours, contact, conditions, wellbeing."""
