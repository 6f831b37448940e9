"""Who is in the model: residents, practices, hospital teams, neighbourhoods, the commissioner."""
