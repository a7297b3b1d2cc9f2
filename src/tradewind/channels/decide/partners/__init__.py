"""What a partner's settings mean, and what our answers say: pure, from values of the house to values of X12."""
