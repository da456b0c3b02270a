"""The exporters on Kubernetes: what runs them, what scrapes them, what they may reach.

Plain data, as ``kubectl`` takes it; ``build`` makes files of it, to be applied with kustomize.
"""
