import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnalyticsMetric",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("metric_value", models.DecimalField(decimal_places=2, max_digits=14)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="metrics",
                        to="organizations.organization",
                    ),
                ),
                ("tags", models.ManyToManyField(blank=True, related_name="metrics", to="organizations.tag")),
            ],
            options={
                "verbose_name": "metric",
                "ordering": ("-recorded_at", "-pk"),
                "indexes": [models.Index(fields=["name", "recorded_at"], name="metric_name_recorded_idx")],
            },
        ),
    ]
