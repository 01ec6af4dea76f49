# The options of `holdfast serve --help` as mdoc(7), a list for each group; with -v form=key as keys of the configuration
# file. A line "GROUP:" comes before its rows. A row is "  --NAME TAKES  MEANING", where TAKES may have single blanks;
# more of the meaning is on lines without "--".

function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}

function end_list() {
    if (in_list)
        print ".El"
    in_list = 0
}

/^[A-Z].*:$/ {
    end_list()
    print ".Ss " escaped(substr($0, 1, length($0) - 1))
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
    if (!in_list)
        print ".Bl -tag -width 4n"
    in_list = 1
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

END {
    end_list()
}
