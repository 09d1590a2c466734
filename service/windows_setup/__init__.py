"""Installs, updates and removes Impasto on Windows; install_service.ps1 begins it. Standard library alone."""
