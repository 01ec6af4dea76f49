# The options of `holdfast serve --help` as items of an mdoc(7) list; with -v form=key as keys of the configuration file.
# A row is "  --NAME TAKES  MEANING", what TAKES is may have single blanks; more of the meaning is on lines without "--".

function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}

/^  --/ {
    match($0, /  --[a-z-]+/)
    name = substr($0, 5, RLENGTH - 4)
    rest = substr($0, RLENGTH + 1)
    takes = ""
    if (match(rest, /^ [^ ]+( [^ ]+)*/) && substr(rest, 1, 2) != "  ") {
        takes = substr(rest, 2, RLENGTH - 1)
        rest = substr(rest, RLENGTH + 1)
    }
    inside = !(form == "key" && (name == "config" || name == "list-clients" || name == "help"))
    if (!inside)
        next
    if (form == "key")
        printf ".It Cm %s Li = Ar %s\n", escaped(name), escaped(takes == "" ? "yes|no" : takes)
    else
        printf ".It Fl \\-%s%s\n", escaped(name), takes == "" ? "" : " Ar " escaped(takes)
    sub(/^ +/, "", rest)
    print escaped(rest)
    next
}

inside && /^ +/ {
    sub(/^ +/, "")
    print escaped($0)
}
