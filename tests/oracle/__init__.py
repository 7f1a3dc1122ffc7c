"""A second, naive reading of what the numbers mean: a brute-force recount that shares no code with the product.

It takes a plain list of events and works every number out anew, rule by rule, however slowly, so that the product's fast
answers can be held against it. Rule numbers in comments are those of the page of meanings ("what the numbers mean").
"""
