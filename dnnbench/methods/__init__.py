"""Dataless methods: one file a method, named as its paper names it."""
