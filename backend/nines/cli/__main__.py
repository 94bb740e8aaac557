from nines.cli import main

main()
