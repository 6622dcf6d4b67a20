"""stub"""


def audit(d):
    return ""


def fragment(d):
    return ""


def write(p, s):
    return p
