# bash completion of hamirror: asks the program itself, so that it never knows less than the program does.
_hamirror() {
  local words
  words=$(hamirror "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _hamirror hamirror
