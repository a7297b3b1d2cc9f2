"""A made-up company and one scripted day of it. Everything here is invented, and made anew by a script from one seed."""
