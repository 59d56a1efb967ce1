"""Customers, orders and what is in them."""

from django.db import models


class Customer(models.Model):
    """Somebody who orders."""

    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Product(models.Model):
    """Something to order."""

    name = models.CharField(max_length=50)


class Order(models.Model):
    """What a customer ordered at once."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    placed_on = models.DateField()

    def __str__(self):
        return f"{self.customer}, {self.placed_on}"


class Item(models.Model):
    """One line of an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, models.CASCADE)
    amount = models.PositiveIntegerField()
