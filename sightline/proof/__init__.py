"""Proof: is anything lost, which hop is broken, what will an incident look like."""
