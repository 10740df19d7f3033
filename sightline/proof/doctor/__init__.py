"""Doctor: one marked request followed hop by hop; the first broken hop is named with its remedy."""
