"""
Why the fix of a stored finding cannot be shown.

What refuses is spread over the code that writes fixes, and each reason stands where it arises; a test compares them
with these templates.
"""

from quell.wording.templates import wording

REFUSALS = (
    wording("its source is not on this machine"),
    wording("the line says something else now than when the finding was stored: another release runs here"),
    wording("the lines that ask have to change, too, which takes a run of the page: run manage.py quell fix"),
    wording("nothing tells where it is built"),
    wording("nothing tells where the queryset is built"),
    wording("nothing tells which line asks"),
    wording("the queryset is not built in Python"),
    wording("the queryset is built in a template: build it in Python"),
    wording("only other code helps, which a person has to write"),
    wording("only other code helps, which a person has to write: {code}"),
    wording("the source loads it already: other code at the line takes it away again"),
    wording("the framework builds the queryset, of other rows than those that the class is about"),
    wording("the class takes its queryset from what the source does not spell"),
    wording("the class inherits its queryset from somewhere else"),
    wording("the class has a get_queryset() that does not build the queryset at this line"),
    wording("the class has no body of its own lines"),
    wording("get_list_select_related() decides what is joined: name the relations there"),
    wording("list_select_related holds more than plain names: add {names} to it"),
    wording("the value of list_select_related is no tuple or list of names: write {code}"),
    wording("the line does not begin a class any more"),
    wording("the line builds {count} querysets of {model}, and only one of them is to change"),
    wording("the line builds no queryset of {model} that the source spells"),
    wording("the line asks {relation} in another way than what was proven, or more than once"),
    wording("the line waits for the database, and what is loaded needs no waiting"),
    wording("the code that asks has to change in a way that a person has to decide"),
    wording("the code that asks takes a slice, and a person has to decide how it reads the list"),
    wording("the code that would come out is no Python: write it by hand"),
    wording("the result is used as only a queryset can be, and what is loaded is a list"),
    wording("what {name} is read from is more than a name"),
    wording("{method}() returns no instances that could hold what is loaded"),
    wording(
        "raw SQL takes no joins and no columns: select what is needed in the SQL, or append prefetch_related()"
    ),
    wording("iterator() needs a chunk_size to prefetch: write it, and run this again"),
    wording("only() names the columns already: take out of it what is not used"),
    wording("the queryset prefetches {path} in another way already"),
    wording("the queryset has another column {name} already"),
    wording("{method}() leaves out a key that is needed: take it out of there, and run this again"),
    wording("the names of {method}() are no plain texts, and it may leave out a key that is needed"),
    wording('the source does not name "{path}" in {call}: take it out where it is named'),
    wording("{name} is to be written by hand"),
    wording("{name}() is to be written by hand, as the listing shows"),
    wording("the model has no admin class of its own yet: {name} is to be written"),
    wording("parentheses stand in front of {method}(): take it out by hand"),
    wording("a comment stands beside what is to go: take it out by hand"),
    wording("two changes meet in one place"),
    wording("two fixes give the name {name} to different things"),
    wording("two fixes prefetch {path} in different ways"),
    wording("another fix gives {model} something else by the name {name}"),
    wording("the project uses the name {name} already, so what a row holds by it is not known"),
    wording("{name} is a variable of the function that builds the queryset"),
    wording("{name} means something else in this file"),
    wording("several models are called {name}"),
    wording("nothing is known that is called {name}"),
    wording("other code than a view builds the queryset, and what that does with the rows is not known"),
    wording(
        "the view also has a class that was not imported, and what is loaded would be out of date behind a write"
    ),
    wording("the view also has {name}, and what is loaded would be out of date behind a write"),
    wording("{name}() also takes other requests or writes, and what is loaded would be out of date"),
    wording("{file} is no file"),
    wording("the file belongs to an installed package; name its folder with --also to change it"),
    wording("the file is not below the project; name its folder with --also to change it"),
    wording("the file is read-only"),
    wording("the file says that it is generated"),
    wording("the file was changed after the run began: run it again"),
    wording("{file} was changed in the meantime: run it again"),
    wording("{file} cannot be written: {error}"),
    wording("the file cannot be read: {error}"),
    wording("LibCST cannot read the file: {error}"),
    wording("LibCST would not write the file back as it is"),
    wording("an expression of the file is nested too deeply for LibCST"),
    wording("a template cannot say what the list of the chosen rows stands for"),
    wording("the node reads the attribute already"),
    wording(
        "other pages may use the template, and the node is no plain {{{{ variable }}}} that could keep a way back"
    ),
)
