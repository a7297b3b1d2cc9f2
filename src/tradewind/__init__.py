"""Tradewind: B2B order management and commerce orchestration."""

__version__ = "0.1.0"
