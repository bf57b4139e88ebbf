"""Forecasting: what briefs are expected to cost before anything is spent, how it could be less, and what budgets carry."""

from podmill.forecasting.forecaster import Forecaster

__all__ = ["Forecaster"]
