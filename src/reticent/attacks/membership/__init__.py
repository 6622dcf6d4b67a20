"""Membership inference: was this person's row in the training table?"""
