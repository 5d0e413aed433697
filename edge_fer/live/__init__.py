"""What one picture shows, and the way of pictures from a daemon to those who asked to see them.

`scene` is what is known of a picture, `packet` its form on the local socket, `tap` the daemon's
side.
"""
