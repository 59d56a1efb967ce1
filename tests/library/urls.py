"""Routes of the library."""

from django.contrib import admin
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tests.library import views

router = SimpleRouter()
router.register("api/books", views.BookViewSet)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("books/", views.books),
    path("books/eager/", views.eager_books),
    path("books/twice/", views.book_twice),
    path("books/async/", views.async_books),
    path("books/<int:pk>/", views.book),
    path("lists/model/", views.BookListView.as_view()),
    path("lists/class/", views.OrderedListView.as_view()),
    path("lists/own/", views.OwnListView.as_view()),
    path("authors/<int:pk>/", views.AuthorView.as_view()),
    path("api/tagged/", views.TaggedList.as_view()),
    path("api/reviews/", views.ReviewList.as_view()),
    path("api/methods/", views.MethodList.as_view()),
    path("api/slugs/", views.SlugList.as_view()),
    path("api/eager/", views.EagerList.as_view()),
    path("", include(router.urls)),
]
