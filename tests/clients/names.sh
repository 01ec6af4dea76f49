# shellcheck shell=bash
# Names that have broken clients or servers before. To be sourced.
NAMES=('plain.txt' 'two words.txt' '100% sure.txt' 'a%20b.txt' 'number #1.txt' 'what?.txt' 'am & per.txt' 'grün.txt'
    '😀.txt' 'par(en)theses.txt' "it's.txt" 'semi;colon,comma.txt' 'plus+equals=at@.txt' 'back\slash.txt' '[brackets].txt'
    'star*.txt' '~tilde.txt')
