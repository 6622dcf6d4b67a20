"""What a recipe of a known family offers an attacker beside training whole models; each is found by its protocol."""
