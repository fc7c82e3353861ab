package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"tributary/app"
)

func (p *program) backupCommand() *cobra.Command {
	var withoutKey bool
	c := &cobra.Command{
		Use: "backup DIR", Short: "Copy database, queue, files and secret key of the small size into a new folder", Args: oneArg("DIR"),
		Long: "Copies what the program keeps in DATA_DIR into an empty or new folder, as it is at one moment, while the program runs or " +
			"not. Run it as the same user with the same DATA_DIR. What PostgreSQL or Redis keep, or a bucket, is not in it.",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := p.config()
			if err != nil {
				return err
			}
			b, err := app.MakeBackup(c.Context(), &cfg, args[0], !withoutKey)
			if err != nil {
				return err
			}
			key := "without the secret key: keep SECRET_KEY_BASE elsewhere"
			if b.Key {
				key = "with the secret key: who has this folder can read all credentials"
			}
			_, err = fmt.Fprintf(p.out, "%s: database, queue and %d files, %s\n", args[0], b.Files, key)
			return err
		},
	}
	c.Flags().BoolVar(&withoutKey, "without-key", false, "leave the secret key out")
	return c
}

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore DIR", Short: "Put a backup into an empty DATA_DIR", Args: oneArg("DIR"),
		Long: "Checks a folder that tributary backup made, copies it into DATA_DIR, where nothing of an installation may be, and sees that " +
			"the key opens the database. Then start the program.",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := p.config()
			if err != nil {
				return err
			}
			b, err := app.RestoreBackup(c.Context(), &cfg, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, "%s: as it was at %s, made by %s, with %d files\n", cfg.DataDir, b.MadeAt.Format("2006-01-02 15:04:05 MST"), b.Version, b.Files)
			return err
		},
	}
}
